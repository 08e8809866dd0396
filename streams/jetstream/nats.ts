/** The NATS client library, imported here and nowhere else. */
import { createRequire } from "node:module";

export {
  AckPolicy,
  connect,
  createInbox,
  credsAuthenticator,
  DeliverPolicy,
  DiscardPolicy,
  Events,
  headers,
  nanos,
  RetentionPolicy,
  StorageType,
  StringCodec,
} from "nats";
export type {
  ConnectionOptions,
  ConsumerConfig,
  JetStreamClient,
  JetStreamManager,
  JsMsg,
  KV,
  Msg,
  MsgHdrs,
  NatsConnection,
  StreamConfig,
  Subscription,
} from "nats";

interface ClosableSocket {
  on(event: "error", listener: (error: Error) => void): unknown;
  removeAllListeners(event?: string): unknown;
}

interface Transport {
  socket: ClosableSocket;
  setupHandlers(): void;
}

/**
 * The library takes all listeners off a socket before it destroys it. A reset that the runtime
 * reports after that has nobody who hears it, and an error without a listener ends the process: a
 * wrong password did, about every tenth time. So each socket keeps one listener until the end. What
 * it hears is no news: the library has judged the connection as closed by then.
 */
function keepSocketsHeard(): void {
  const require = createRequire(import.meta.resolve("nats"));
  const { NodeTransport } = require("./lib/src/node_transport.js") as {
    NodeTransport: { prototype: Transport };
  };
  const setupHandlers = NodeTransport.prototype.setupHandlers;
  NodeTransport.prototype.setupHandlers = function (this: Transport) {
    const { socket } = this;
    const removeAllListeners = socket.removeAllListeners.bind(socket);
    socket.removeAllListeners = (event) => {
      removeAllListeners(event);
      socket.on("error", () => {});
      return socket;
    };
    setupHandlers.call(this);
  };
}
keepSocketsHeard();
