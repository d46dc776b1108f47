import { codex } from './codex.ts';
import { testHarness } from './conformance.ts';

await testHarness(codex);
