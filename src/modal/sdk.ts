/** The SDK and what of its transport is used beside it: one chunk of the build, loaded on first use. */
export { ModalClient } from "modal";
export { createChannel, createClient, Metadata } from "nice-grpc";
export { Reader, Writer } from "protobufjs/minimal";
