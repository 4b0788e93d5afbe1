/** Ends a switch over every kind; a kind that was forgotten is a type error where this is called. */
export function unreachable(node: never): never {
  throw new Error(`unreachable: ${JSON.stringify(node)}`);
}
