/** In the manifest of every evaluator: it changes whenever the emitted bytes may. */
export const COMPILER = "polity 0.1.0";

/** Likewise; written here because loading the assembler takes half a second. assemble.ts takes no other. */
export const ASSEMBLER = "assemblyscript 0.28.20";
