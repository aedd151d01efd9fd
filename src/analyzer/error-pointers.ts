/** Errors handed on as pointers, a convention of the kernel's code that many programs have taken over (linux/err.h). */
import type { Amount } from "./amount.js";
import { constant, constantValue } from "./amount.js";
import type { State } from "./state.js";
import type { Value } from "./value.js";
import { asAmount } from "./value.js";

/** MAX_ERRNO: the last page of the address space holds no object. */
export const LAST_ERRNO = 4095;
/** Stands for an error whose number is not known; not -1, which is MAP_FAILED. */
const SOME_ERROR = constant(-2);

/** What such a call gives, where the convention alone tells; undefined for other calls and for pointers not known. */
export function errorPointerCall(
  state: State,
  callee: string | undefined,
  values: readonly Value[],
): Amount | undefined {
  const [value] = values;
  if (value === undefined) return undefined;
  switch (callee) {
    case "ERR_PTR":
      return isError(state, value) === true ? asAmount(value) : SOME_ERROR;
    case "IS_ERR":
      return ofTruth(isError(state, value));
    case "IS_ERR_OR_NULL":
      return ofTruth(constantValue(asAmount(value)) === 0 ? true : isError(state, value));
    default:
      return undefined;
  }
}

/** Undefined for what cannot be told; a mapping that nothing has tested yet may be an error as well. */
function isError(state: State, value: Value): boolean | undefined {
  if (value.kind === "pointer") {
    const mapping = state.mapping(value.mapping);
    return mapping?.source === "heap" || mapping?.phase === "live" ? false : undefined;
  }
  if (value.kind === "address" || value.kind === "string" || value.kind === "function") return false;
  const n = constantValue(asAmount(value));
  return n === undefined ? undefined : n < 0 && n >= -LAST_ERRNO;
}

function ofTruth(truth: boolean | undefined): Amount | undefined {
  return truth === undefined ? undefined : constant(truth ? 1 : 0);
}
