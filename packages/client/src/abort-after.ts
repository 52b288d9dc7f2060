/** Time limits that hold whatever the garbage collector does. */

/**
 * A signal that is aborted after a time, in milliseconds, or when `parent` is. Use it in place of
 * `AbortSignal.any([parent, AbortSignal.timeout(…)])`: Node 20 refers to the parts only weakly, so a
 * timeout that nobody else holds can be collected and then never fires.
 */
export function abortAfter(milliseconds: number, parent: AbortSignal): AbortSignal {
  const controller = new AbortController();
  if (parent.aborted) controller.abort(parent.reason);
  if (controller.signal.aborted) return controller.signal;
  const follow = (): void => end(parent.reason);
  const timer = setTimeout(() => end(new DOMException('The operation took too long.', 'TimeoutError')), milliseconds);
  timer.unref();
  const end = (reason: unknown): void => {
    clearTimeout(timer);
    parent.removeEventListener('abort', follow);
    controller.abort(reason);
  };
  parent.addEventListener('abort', follow, { once: true });
  return controller.signal;
}
