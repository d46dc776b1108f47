import { claudeCode } from './claude-code.ts';
import { testHarness } from './conformance.ts';

await testHarness(claudeCode);
