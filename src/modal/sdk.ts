/** The SDK and the parts of its transport that we use: one chunk of the build, loaded on first use. */
export { ModalClient } from "modal";
export { createChannel, createClient, Metadata } from "nice-grpc";
export { Reader, Writer } from "protobufjs/minimal";
