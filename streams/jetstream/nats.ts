/** The NATS client library, imported here and nowhere else. */
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
