/**
 * What doctor's looks at the bus need to know of it.
 */
import type { BusContext } from '../../../shared/service/context.ts';

/** `stateRoot`: where an embedded server would keep its files. */
export type BusUnderTest = Pick<BusContext, 'bus' | 'project' | 'named' | 'places' | 'stateRoot' | 'clock'>;
