/** What rules impose: arguments as machine values, each clause with a place of its own for them. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Argument, Expr, Obligation, Oblige } from "../checked.ts";
import type { IrAction, IrArgument, IrOblige, IrRule } from "../ir.ts";
import { lowerRaw, lowerValue } from "./expressions.ts";
import { call, heldAs, readAt } from "./machine.ts";
import type { Scope } from "./scope.ts";
import { variablesIn } from "./variables.ts";

const CELL_BYTES = 16;

export function mayErrInArguments(obliges: readonly Oblige[]): boolean {
  return obliges.some(({ args }) => args.some(({ value, fits }) => value.mayErr || !fits));
}

/** Whether an argument speaks of the member that made its rule fire. */
export function names(value: Expr, variable: number | null): boolean {
  return variable !== null && variablesIn(value, new Set()).has(variable);
}

/** Without their places, which `placeObliges` gives. */
export function lowerObliges(
  obliges: readonly Oblige[],
  obligations: readonly Obligation[],
  { rule, variable }: { readonly rule: number; readonly variable: number | null },
  scope: Scope,
): readonly IrOblige[] {
  return obliges.map(({ obligation, args }, at) => {
    const index = obligations.findIndex(({ name }) => name === obligation);
    const parameters = obligations[index]?.parameters ?? [];
    const cellOf = (name: string) =>
      parameters.findIndex((parameter) => parameter.name === name) * CELL_BYTES;
    const given = args.map((arg) => {
      // What is read of a member has a room to itself: by the time the host looks, others were read.
      const hole = names(arg.value, variable) ? `${rule} oblige ${at} ${arg.name}` : null;
      return lowerArgument(arg, cellOf(arg.name), { ...scope, hole });
    });
    const absent = parameters
      .filter(({ name }) => !args.some((arg) => arg.name === name))
      .map(({ name, type }): IrArgument => {
        const head = { cell: cellOf(name), type, held: heldAs(plain(type)) };
        return { ...head, value: null, isThere: null, mayErr: false, isLoose: false };
      });
    return { obligation: index, cells: 0, args: [...given, ...absent] };
  });
}

function lowerArgument({ type, value, fits }: Argument, cell: number, scope: Scope): IrArgument {
  const head = { cell, type, held: heldAs(plain(type)), mayErr: value.mayErr, isLoose: !fits };
  if (value.type.kind !== "optional") return { ...head, value: lowerValue(value, scope), isThere: null };
  const slot = lowerRaw(value, scope);
  return {
    ...head,
    value: readAt(plain(type), call("inside", slot)),
    isThere: call("present", slot),
  };
}

function plain(type: Type): Type {
  return type.kind === "optional" ? type.of : type;
}

function bytesOf({ args }: IrOblige): number {
  return args.length * CELL_BYTES;
}

/** The clauses of one action's rules lie one after another. */
export function placeObliges(rules: readonly IrRule[]): readonly IrRule[] {
  let at = 0;
  return rules.map((rule) => {
    if (rule.obliges.length === 0) return rule;
    const obliges = rule.obliges.map((oblige) => {
      const placed = { ...oblige, cells: at };
      at += bytesOf(oblige);
      return placed;
    });
    return { ...rule, obliges };
  });
}

/** Sizes of the memory that the support library keeps for obligations. */
export function obligationSizes(actions: readonly IrAction[]): {
  readonly imposedMax: number;
  readonly cellsBytes: number;
} {
  const all = actions.map(({ rules }) => rules.flatMap(({ obliges }) => obliges));
  return {
    imposedMax: Math.max(0, ...all.map((obliges) => obliges.length)),
    cellsBytes: Math.max(0, ...all.map((obliges) => obliges.reduce((sum, one) => sum + bytesOf(one), 0))),
  };
}
