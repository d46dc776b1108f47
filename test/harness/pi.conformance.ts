import { testHarness } from './conformance.ts';
import { pi } from './pi.ts';

await testHarness(pi);
