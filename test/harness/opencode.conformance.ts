import { testHarness } from './conformance.ts';
import { opencode } from './opencode.ts';

await testHarness(opencode);
