/** In the manifest of every evaluator: it changes whenever the emitted bytes may. */
export const COMPILER = "polity 0.1.0";
