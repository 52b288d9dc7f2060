/**
 * The calls of libbpf, bound at first use: a machine without the library has all other back ends.
 *
 * Nothing outside of this folder sees this file.
 */
import koffi from 'koffi';
import { SystemCallError } from '../libc/libc.ts';

/** A pointer of the library; null where it answers with none. */
export type Pointer = object | bigint;

/** The calls in use; see libbpf.h and bpf.h of libbpf 1.1. */
export interface Libbpf {
  readonly openMem: (image: Uint8Array, size: number, options: null) => Pointer | null;
  readonly load: (object: Pointer) => number;
  readonly closeObject: (object: Pointer) => void;
  readonly findProgram: (object: Pointer, name: string) => Pointer | null;
  readonly setType: (program: Pointer, type: number) => number;
  readonly setAttachType: (program: Pointer, type: number) => number;
  readonly setLogBuffer: (program: Pointer, buffer: Pointer, size: number) => number;
  readonly programFd: (program: Pointer) => number;
  readonly findMap: (object: Pointer, name: string) => Pointer | null;
  readonly setMaxEntries: (map: Pointer, entries: number) => number;
  readonly mapFd: (map: Pointer) => number;
  readonly pin: (fd: number, path: string) => number;
  readonly get: (path: string) => number;
  readonly info: (fd: number, info: Uint8Array, length: Uint8Array) => number;
  readonly detachLink: (fd: number) => number;
  readonly update: (fd: number, key: Uint8Array, ...rest: [value: Uint8Array, flags: number]) => number;
  readonly lookup: (fd: number, key: Uint8Array, value: Uint8Array) => number;
  readonly remove: (fd: number, key: Uint8Array) => number;
  readonly updateBatch: (fd: number, keys: Uint8Array, ...rest: [values: Uint8Array, count: Uint8Array, options: null]) => number;
  readonly removeBatch: (fd: number, keys: Uint8Array, ...rest: [count: Uint8Array, options: null]) => number;
  readonly lookupBatch: (
    fd: number,
    before: Uint8Array | null,
    after: Uint8Array,
    ...rest: [keys: Uint8Array, values: Uint8Array, count: Uint8Array, options: null]
  ) => number;
}

let bound: Libbpf | undefined;

/** The library; throws a sentence that says what to install where there is none. */
export function libbpf(): Libbpf {
  bound ??= bind(open());
  return bound;
}

function open(): ReturnType<typeof koffi.load> {
  try {
    return koffi.load('libbpf.so.1');
  } catch (error) {
    throw new Error('libbpf.so.1 cannot be loaded: install libbpf 1.0 or newer (Debian package libbpf1)', { cause: error });
  }
}

function bind(library: ReturnType<typeof koffi.load>): Libbpf {
  // Otherwise it writes to standard error by itself; what went wrong is in the errno and in the verifier's log.
  library.func('void *libbpf_set_print(void *)')(null);
  return {
    openMem: library.func('void *bpf_object__open_mem(const uint8_t *, size_t, void *)'),
    load: library.func('int bpf_object__load(void *)'),
    closeObject: library.func('void bpf_object__close(void *)'),
    findProgram: library.func('void *bpf_object__find_program_by_name(void *, const char *)'),
    setType: library.func('int bpf_program__set_type(void *, int)'),
    setAttachType: library.func('int bpf_program__set_expected_attach_type(void *, int)'),
    setLogBuffer: library.func('int bpf_program__set_log_buf(void *, void *, size_t)'),
    programFd: library.func('int bpf_program__fd(void *)'),
    findMap: library.func('void *bpf_object__find_map_by_name(void *, const char *)'),
    setMaxEntries: library.func('int bpf_map__set_max_entries(void *, uint32_t)'),
    mapFd: library.func('int bpf_map__fd(void *)'),
    pin: library.func('int bpf_obj_pin(int, const char *)'),
    get: library.func('int bpf_obj_get(const char *)'),
    info: library.func('int bpf_obj_get_info_by_fd(int, _Out_ uint8_t *, _Inout_ uint8_t *)'),
    detachLink: library.func('int bpf_link_detach(int)'),
    update: library.func('int bpf_map_update_elem(int, const uint8_t *, const uint8_t *, uint64_t)'),
    lookup: library.func('int bpf_map_lookup_elem(int, const uint8_t *, _Out_ uint8_t *)'),
    remove: library.func('int bpf_map_delete_elem(int, const uint8_t *)'),
    updateBatch: library.func('int bpf_map_update_batch(int, const uint8_t *, const uint8_t *, _Inout_ uint8_t *, void *)'),
    removeBatch: library.func('int bpf_map_delete_batch(int, const uint8_t *, _Inout_ uint8_t *, void *)'),
    lookupBatch: library.func(
      'int bpf_map_lookup_batch(int, const uint8_t *, _Out_ uint8_t *, _Out_ uint8_t *, _Out_ uint8_t *, _Inout_ uint8_t *, void *)',
    ),
  };
}

/** The result, or the error that the call left: libbpf returns it negated. */
export function checkedBpf(result: number, call: string, what: string): number {
  if (result < 0) throw new SystemCallError(call, -result, what);
  return result;
}
