/** What the writer of a log needs, on Node: a log in a folder, keys, and the platform's own cryptography. */
export type { Anchor } from "../anchor.ts";
export type { LogMetrics } from "../file-store/metrics.ts";
export { type OpenOptions, type OpenResult, openFileLog } from "../file-store/open.ts";
export { type LogSummary, type VerifyResult, verifyLog } from "../file-store/verify.ts";
export { type Follower, type FollowerOptions, startFollower } from "../index-store/follower.ts";
export { type Followed, type LogIndex, openIndex } from "../index-store/log-index.ts";
export type { Found, Query } from "../index-store/query.ts";
export { type BundleFilesResult, readBundle } from "./bundle-files.ts";
export {
  generateKey,
  nodeCrypto,
  nodeHashing,
  nodeRandomBytes,
  nodeRecording,
  nodeSigner,
  nodeUuid,
} from "./crypto.ts";
export { type FloorCode, FloorError, type FloorOptions, folderFloor } from "./epoch-floor.ts";
export { fileAnchor, usualAnchorFolder } from "./file-anchor.ts";
export { folderSource, publicFolder } from "./folder-source.ts";
export {
  type Judged,
  type KeeperOptions,
  type KeeperResult,
  openKeeper,
  type WitnessKeeper,
} from "./witness-keeper.ts";
export {
  type ServerOptions,
  serveWitness,
  type WitnessEvent,
  type WitnessServer,
} from "./witness-server.ts";
