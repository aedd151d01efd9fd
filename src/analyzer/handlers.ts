/** Handlers of faults: what becomes of an access that the mapping does not allow, or that has no file behind it. */
import { amountKey, soleSymbol } from "./amount.js";
import type { Call } from "./events.js";
import type { Machine } from "./machine.js";
import { asAmount, type Value } from "./value.js";

const FAULTS = ["SIGSEGV", "SIGBUS"] as const;

/** signal-safety(7): not among the functions that a handler may call. */
const UNSAFE =
  /^(?:v?f?printf|v?s?n?printf|puts|fputs|putchar|perror|fflush|malloc|calloc|realloc|free|exit|syslog|backtrace_symbols)$/;
/** Words and functions after which the faulting access is what it was. */
const HARMLESS =
  /^(?:if|while|for|switch|return|sizeof|v?f?printf|v?s?n?printf|puts|fputs|putchar|perror|fflush|write|strlen|memset|memcpy|strerror|strsignal|backtrace|backtrace_symbols_fd|getpid)$/;

/** `signal(SIGBUS, handler)`, or `sigaction(SIGBUS, &action, …)` with a handler in the struct. */
export function tellHandler(m: Machine, call: Call, signalValue: Value, handler: Value): void {
  const origin = signalValue.kind === "amount" ? soleSymbol(signalValue.amount)?.origin : undefined;
  const signal = FAULTS.find((name) => origin?.kind === "constant" && origin.name === name);
  const name = handlerName(m, handler);
  if (m.emit === undefined || signal === undefined || name === undefined) return;
  const called = m.context.calledBy(name);
  if (called === undefined) return;
  m.emit({
    kind: "handler",
    site: call.site,
    function: m.context.cfg.name,
    call,
    signal,
    handler: name,
    returns: !isOnce(m, handler) && [...called].every((n) => HARMLESS.test(n)),
    unsafe: [...called].find((n) => UNSAFE.test(n)),
  });
}

/** With SA_RESETHAND the fault that comes again ends the process. */
function isOnce({ state }: Machine, handler: Value): boolean {
  if (handler.kind !== "address") return false;
  const flags = asAmount(state.store.get(`${handler.place.key}.sa_flags`));
  return flags !== undefined && amountKey(flags).includes("SA_RESETHAND");
}

function handlerName({ state }: Machine, handler: Value): string | undefined {
  if (handler.kind === "function") return handler.name;
  if (handler.kind !== "address") return undefined;
  for (const member of ["sa_handler", "sa_sigaction"]) {
    const held = state.store.get(`${handler.place.key}.${member}`);
    if (held?.kind === "function") return held.name;
  }
  return undefined;
}
