// The numbers of docs/abi.md.
export const ALLOW: u32 = 1;
export const HOLD: u32 = 2;
export const DENY: u32 = 3;
export const QUARANTINE: u32 = 4;
export const TERMINATE: u32 = 5;

export const CODE_RULE: u32 = 1;
export const CODE_NO_RULE: u32 = 2;
export const INVALID: u32 = 3;
export const OUT_OF_RANGE: u32 = 7;
export const TOO_LARGE: u32 = 8;
export const ENTITY_UNKNOWN: u32 = 9;
export const HOST_MISMATCH: u32 = 10;
export const POLICY_EXPIRED: u32 = 13;
export const POLICY_STALE: u32 = 14;
export const FACTS_STALE: u32 = 15;
export const CONTAINMENT_STALE: u32 = 16;
export const SUBJECT_QUARANTINED: u32 = 17;
export const SUBJECT_TERMINATED: u32 = 18;
export const CODE_ERROR: u32 = 32;

export const OVERFLOW: u32 = 1;
export const DIVIDE: u32 = 2;
export const ERROR_RANGE: u32 = 3;
