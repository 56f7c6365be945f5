/**
 * A sink of the application's whose failure stays its own: what it throws, or rejects with, neither decides about a request nor ends
 * the process.
 */
export function guardedSink<E>(sink: (event: E) => unknown, onFailure: () => void = () => undefined): (event: E) => void {
  return (event) => {
    try {
      const written = sink(event);
      if (written instanceof Promise) written.catch(onFailure);
    } catch {
      onFailure();
    }
  };
}
