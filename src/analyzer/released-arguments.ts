/** What functions of the program give to free() for their callers. */
import type { CallInstruction } from "./call.js";
import { targetOf } from "./call.js";
import type { Call } from "./events.js";
import type { Machine } from "./machine.js";
import type { Summary } from "./summary.js";
import { isOfMappingCall } from "./mapping.js";
import { emitRelease } from "./unmapping.js";
import type { Value } from "./value.js";

export function releaseArguments(
  m: Machine,
  call: Call,
  instruction: CallInstruction,
  values: readonly Value[],
  { frees }: Summary,
): void {
  for (const index of frees) releaseMapped(m, call, instruction, index, values[index]);
}

/** A wrapper of free() is given what a mapping call has made. */
function releaseMapped(
  m: Machine,
  call: Call,
  { args }: CallInstruction,
  index: number,
  value: Value | undefined,
): void {
  if (value?.kind !== "pointer" || value.varied) return;
  const mapping = m.state.mapping(value.mapping);
  if (mapping === undefined || !isOfMappingCall(mapping)) return;
  if (mapping.phase !== "live" && mapping.phase !== "unchecked") return;
  const target = targetOf(m, value, args[index]?.site ?? call.site, false);
  emitRelease(m, call, { ...target, text: mapping.name ?? target.text });
  m.state.update(mapping.id, { owner: "escaped" });
}
