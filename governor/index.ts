/** What a service embeds that governs agents: `openGovernor`, and `enforce` for every step. */
export { enforce } from "./answers.ts";
export type { GovernorCode } from "./codes.ts";
export type {
  Applied,
  Authorized,
  Beginning,
  Begun,
  Execution,
  ExecutionStatus,
  GivenApproval,
  Governor,
  GovernorAbort,
  Grant,
  Handlers,
  HoldRule,
  Outstanding,
  PendingApproval,
  Refusal,
  Standing,
  Step,
} from "./governor.ts";
export { GOVERNOR_OBLIGATIONS, type JudgeOptions, type Measuring } from "./judge.ts";
export {
  type GovernorLimits,
  type GovernorLog,
  type GovernorOptions,
  openGovernor,
} from "./open-governor.ts";
export type {
  Attester,
  Discharge,
  Discharger,
  GovernorPorts,
  OrderSource,
} from "./ports.ts";
export type { Attested, Canary, Window } from "./state.ts";
