export { type ManualClock, manualClock } from './manual-clock.ts';
export {
  describeCorruptSessions,
  describeSessionStore,
  type CorruptibleStore,
  type StoreUnderTest,
  type TestRunner,
} from './session-store-contract.ts';
