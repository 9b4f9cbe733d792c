import { DecoratorHandler, type Dispatcher } from 'undici';

/**
 * `dispatcher.request` with an abort that is safe on HTTP/2.
 *
 * Seen with undici 8.12 and Node 24: when a request is aborted before its response headers came, the
 * stream is destroyed at once; the headers that come later make Node open a stream nobody listens to,
 * and the next error of that connection is an uncaught exception. So the abort is handed to undici
 * only when it is safe:
 *
 * - before the request is sent: it is never sent,
 * - between sending and the headers: the caller is released at once, the stream when the headers came,
 * - afterwards: the body is cut.
 *
 * Rejects with `signal.reason` when aborted, else with undici's errors.
 */
export function guardedRequest(
  dispatcher: Dispatcher,
  options: Dispatcher.RequestOptions,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let body: Dispatcher.ResponseData['body'] | undefined;
    const abort = () => {
      reject(signal.reason);
      body?.destroy(reasonOf(signal));
    };
    signal.addEventListener('abort', abort, { once: true });
    const forget = () => signal.removeEventListener('abort', abort);
    dispatcher
      .compose(refuseAborted(signal))
      .request(options)
      .then((answer) => {
        ({ body } = answer);
        body.on('error', ignore); // whoever reads it gets the error; if nobody does, nobody minds
        body.once('close', forget);
        if (signal.aborted) body.destroy(reasonOf(signal));
        resolve(answer);
      })
      .catch((error: unknown) => {
        forget();
        reject(error);
      });
  });
}

/** Stops a request that waited in the pool's queue until after its abort. */
function refuseAborted(signal: AbortSignal): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => dispatch(options, new AbortedGuard(handler, signal));
}

class AbortedGuard extends DecoratorHandler {
  readonly #signal: AbortSignal;

  constructor(handler: Dispatcher.DispatchHandler, signal: AbortSignal) {
    super(handler);
    this.#signal = signal;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    // The base class hands everything on, which its type does not say.
    const base: Dispatcher.DispatchHandler = DecoratorHandler.prototype;
    base.onRequestStart?.call(this, controller, context);
    if (this.#signal.aborted) controller.abort(reasonOf(this.#signal));
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

function ignore(): void {}
