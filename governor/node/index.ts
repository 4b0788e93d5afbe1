/** What a governor needs of Node, and obligations that it can discharge there. */
export type { Webhook } from "../obligations/report.ts";
export { nodeGovernor } from "./governor-ports.ts";
export { usualObligations } from "./usual-obligations.ts";
