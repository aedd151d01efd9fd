/** File descriptors: how they were opened, whether their objects have a size, when they are synced. */
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
    truncated: undefined,
  };
  if (symbol !== undefined) m.state.descriptors.set(symbol.id, descriptor);
  return result;
}

export function descriptorOf(m: Machine, fd: Value): FileDescriptor | undefined {
  const symbol = fd.kind === "amount" ? soleSymbol(fd.amount) : undefined;
  return symbol === undefined ? undefined : m.state.descriptors.get(symbol.id);
}

/** `length`: the size that the call gives, where it gives one. */
export function sizeDescriptor(m: Machine, fd: Value, call: Call, length: Value | undefined): void {
  const symbol = fd.kind === "amount" ? soleSymbol(fd.amount) : undefined;
  if (symbol === undefined) return;
  const truncates = call.function.startsWith("ftruncate");
  const allocates = /^(?:posix_)?fallocate/.test(call.function);
  const known = m.state.descriptors.get(symbol.id);
  if (known === undefined && !truncates && !allocates) return;
  const empties = constantValue(asAmount(length)) === 0;
  m.state.descriptors.set(symbol.id, {
    origin: "other",
    mode: UNKNOWN_FLAGS,
    path: undefined,
    site: call.site,
    ...known,
    sized: true,
    truncated:
      truncates && !empties
        ? { site: call.site, ignored: call.used === false }
        : truncates || allocates
          ? undefined
          : known?.truncated,
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
