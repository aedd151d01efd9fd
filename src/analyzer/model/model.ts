/** What a library function does to its arguments, as data. Numbers are argument positions, counted from 0. */

export type Effect =
  | {
      readonly kind: "map";
      readonly address: number;
      readonly length: number;
      readonly protection: number;
      readonly flags: number;
      readonly fd: number;
      readonly offset: number;
    }
  | {
      readonly kind: "remap";
      readonly address: number;
      readonly oldLength: number;
      readonly newLength: number;
      readonly flags: number;
    }
  | { readonly kind: "attach"; readonly address: number; readonly flags: number }
  | { readonly kind: "unmap"; readonly address: number; readonly length: number | undefined }
  | {
      readonly kind: "protect" | "advise" | "sync" | "lock";
      readonly address: number;
      readonly length: number;
      readonly flags: number | undefined;
      /** munlock(). */
      readonly unlocks?: true;
      /** posix_madvise(): it may not change what the memory holds. */
      readonly keepsContent?: true;
    }
  /** Makes code that was written visible to the fetching of instructions, from one address up to another. */
  | { readonly kind: "flush"; readonly address: number; readonly end: number }
  | { readonly kind: "allocate"; readonly length?: number; readonly alignment?: number }
  /** The pointer goes to where the argument points. */
  | {
      readonly kind: "allocate-into";
      readonly address: number;
      readonly length: number;
      readonly alignment: number;
    }
  /** `realloc`: the result replaces the argument. */
  | { readonly kind: "free"; readonly address: number }
  | {
      readonly kind: "access";
      readonly address: number;
      readonly mode: "read" | "write";
      readonly as: "bytes" | "string";
      /** Writes one byte all over it. */
      readonly fills?: true;
    }
  /** `%s` without a precision reads its argument up to a NUL. */
  | { readonly kind: "format"; readonly format: number }
  | {
      readonly kind: "open";
      readonly origin: "open" | "shm_open" | "memfd_create" | "socket" | "other";
      readonly path: number | undefined;
      readonly flags: number | undefined;
    }
  /** Gives the object behind a descriptor a size: by writing, or `length` bytes. */
  | { readonly kind: "size"; readonly fd: number; readonly by: "write" | "allocate" }
  | { readonly kind: "size"; readonly fd: number; readonly by: "truncate"; readonly length: number }
  | { readonly kind: "syncFile"; readonly fd: number }
  /** What the file holds goes elsewhere. */
  | { readonly kind: "sendFile"; readonly fd: number }
  | { readonly kind: "close"; readonly fd: number }
  /** Another descriptor, or the kernel, knows the file from now on. */
  | { readonly kind: "handFile"; readonly fd: number }
  | { readonly kind: "fork" }
  /** Makes a function, or what the struct `action` names, the handler of a signal. */
  | { readonly kind: "handle"; readonly signal: number; readonly handler: number }
  /** Makes a mutex, a semaphore or the like; `shared` or the attributes say for whom. */
  | {
      readonly kind: "make-lock";
      readonly address: number;
      readonly attributes?: number;
      readonly shared?: number;
    }
  /** Attributes of a lock, as new or with what is said of sharing. */
  | { readonly kind: "lock-attributes"; readonly address: number; readonly shared?: number }
  /** Fills what the argument points to. */
  | { readonly kind: "fill"; readonly address: number }
  | { readonly kind: "never-returns"; readonly unlessZero?: number };

/** How a call that maps fails: with the value, or "never": it ends the process then. */
export type Failing = "MAP_FAILED" | "NULL" | "never";

export interface LibraryModel {
  readonly effects: readonly Effect[];
  /** MAP_FAILED where it is not said. */
  readonly fails?: Failing;
  /** `inside`: a place in what the argument points to, or NULL. */
  readonly returns: "number" | "page-size" | { readonly argument: number } | { readonly inside: number };
}
