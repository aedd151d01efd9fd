/** File descriptors: how they were opened, whether their objects have a size, when they are synced. */
import type { Site } from "../diagnostic.js";
import type { Amount } from "./amount.js";
import { constant, constantValue, soleSymbol, subtract } from "./amount.js";
import { fresh } from "./call.js";
import type { Call } from "./events.js";
import { flag, openFlagsOfNumber, UNKNOWN_FLAGS } from "./flags.js";
import type { Machine } from "./machine.js";
import type { FileDescriptor } from "./mapping.js";
import type { Effect } from "./model/model.js";
import type { Value } from "./value.js";
import { asAmount, asFlags } from "./value.js";

export function openDescriptor(
  m: Machine,
  effect: Effect & { readonly kind: "open" },
  call: Call,
  values: readonly Value[],
): Value {
  const result = fresh(m, call.function);
  const symbol = result.kind === "amount" ? soleSymbol(result.amount) : undefined;
  const path = effect.path === undefined ? undefined : values[effect.path];
  const created = call.function === "creat" ? flag("O_WRONLY") : UNKNOWN_FLAGS;
  const descriptor: FileDescriptor = {
    origin: effect.origin,
    mode: effect.flags === undefined ? created : asFlags(values[effect.flags], openFlagsOfNumber),
    path: path?.kind === "string" ? path.value : undefined,
    site: call.site,
    sized: false,
  };
  if (symbol !== undefined) m.state.descriptors.set(symbol.id, descriptor);
  return result;
}

export function descriptorOf(m: Machine, fd: Value): FileDescriptor | undefined {
  const symbol = fd.kind === "amount" ? soleSymbol(fd.amount) : undefined;
  return symbol === undefined ? undefined : m.state.descriptors.get(symbol.id);
}

export function sizeDescriptor(m: Machine, fd: Value, truncates: boolean, site: Site): void {
  const symbol = fd.kind === "amount" ? soleSymbol(fd.amount) : undefined;
  const descriptor = symbol === undefined ? undefined : m.state.descriptors.get(symbol.id);
  if (symbol === undefined) return;
  if (descriptor !== undefined) m.state.descriptors.set(symbol.id, { ...descriptor, sized: true });
  else if (truncates)
    m.state.descriptors.set(symbol.id, {
      origin: "other",
      mode: UNKNOWN_FLAGS,
      path: undefined,
      site,
      sized: true,
    });
}

export function syncFile(m: Machine, fd: Value | undefined): void {
  for (const mapping of m.state.mappings.values()) {
    if (
      fd === undefined ||
      (mapping.fd !== undefined &&
        asAmount(fd) !== undefined &&
        constantValue(subtract(asAmount(fd) as Amount, asAmount(mapping.fd) ?? constant(-2))) === 0)
    ) {
      m.state.update(mapping.id, { written: undefined, asyncAt: undefined });
    }
  }
}
