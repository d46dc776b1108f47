/**
 * `AbortSignal.any` for simulations. Node keeps a signal that is made of others for as long as somebody listens to it. Of a
 * simulated process that was killed somebody listens for ever, so that each would stay in memory with its whole world.
 *
 * 1. It listens to the others only while somebody listens to it, and is kept by nothing but them.
 * 2. Whether it is aborted is what the others say at that moment.
 */
export function forgettableAny(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = () => signals.find((one) => one.aborted);
  const cause = aborted();
  if (cause !== undefined) {
    controller.abort(cause.reason);
    return signal;
  }
  const listeners = new Set<unknown>();
  const abort = () => {
    detach();
    controller.abort(aborted()?.reason);
  };
  const detach = () => {
    for (const one of signals) one.removeEventListener('abort', abort);
  };
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  return Object.defineProperties(signal, {
    aborted: { get: () => aborted() !== undefined },
    reason: { get: () => aborted()?.reason },
    throwIfAborted: {
      value: () => {
        const first = aborted();
        if (first !== undefined) throw first.reason;
      },
    },
    addEventListener: {
      value: (...args: Parameters<typeof add>) => {
        if (listeners.size === 0)
          for (const one of signals) one.addEventListener('abort', abort, { once: true });
        listeners.add(args[1]);
        add(...args);
      },
    },
    removeEventListener: {
      value: (...args: Parameters<typeof remove>) => {
        remove(...args);
        if (listeners.delete(args[1]) && listeners.size === 0) detach();
      },
    },
  });
}
