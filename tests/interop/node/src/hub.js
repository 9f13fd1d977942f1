/**
 * The hub over gRPC and mutual TLS 1.3 (PROTOCOL.md, sections 1, 3 and 9). Knows the wire and nothing of what it says.
 */

import tls from "node:tls";

import grpc from "@grpc/grpc-js";

import { Refusal } from "./refusal.js";
import { parseAnswer, root, serialise } from "./wire.js";

const DOMAIN = "comity.v1";
const SERVICES = ["DirectoryService", "ExchangeService", "FeedService", "LogService", "BlobService"];
const MOST = 16 * 2 ** 20;

/** Prefers the hybrid key exchange; a TLS library that has none yet offers the classical half alone. */
function secureContext(options) {
  try {
    return tls.createSecureContext({ ...options, ecdhCurve: "X25519MLKEM768:X25519" });
  } catch {
    return tls.createSecureContext({ ...options, ecdhCurve: "X25519" });
  }
}

/** @param {Uint8Array} der @returns {string} */
function certificatePem(der) {
  const lines = Buffer.from(der)
    .toString("base64")
    .match(/.{1,64}/g)
    .join("\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** @param {object} service of protobufjs @returns {grpc.ServiceDefinition} */
function definition(service) {
  const methods = {};
  for (const method of service.methodsArray) {
    methods[method.name] = {
      path: `/comity.v1.${service.name}/${method.name}`,
      requestStream: method.requestStream === true,
      responseStream: method.responseStream === true,
      requestSerialize: (message) => Buffer.from(serialise(method.requestType, message)),
      responseDeserialize: (data) => parseAnswer(method.responseType, data),
    };
  }
  return methods;
}

/** The reason in a google.rpc.Status. @param {Record<string, any>} status parsed @returns {Refusal} */
export function refusalOf(status) {
  const detail = status.details.find((each) => each.type_url.endsWith("/google.rpc.ErrorInfo"));
  if (detail === undefined) return new Refusal(`gRPC ${status.code}`, status.message);
  const { reason, domain, metadata } = parseAnswer("google.rpc.ErrorInfo", detail.value);
  const refusal = new Refusal(domain === DOMAIN ? reason : `gRPC ${status.code}`, status.message);
  refusal.metadata = metadata;
  return refusal;
}

/** @param {grpc.ServiceError} error @returns {Error} */
function refusalFrom(error) {
  const [details] = error.metadata?.get("grpc-status-details-bin") ?? [];
  return details === undefined ? error : refusalOf(parseAnswer("google.rpc.Status", details));
}

export class Hub {
  #clients;

  /**
   * @param {string} address @param {{ca: Uint8Array, key: string, certificate: string}} identity ca: DER, the rest PEM
   */
  constructor(address, { ca, key, certificate }) {
    const context = secureContext({ ca: certificatePem(ca), key, cert: certificate, minVersion: "TLSv1.3" });
    const credentials = grpc.credentials.createFromSecureContext(context);
    const options = { "grpc.max_receive_message_length": MOST, "grpc.max_send_message_length": MOST };
    this.#clients = SERVICES.map((name) => {
      const methods = definition(root.lookupService(`comity.v1.${name}`));
      return { methods, client: new (grpc.makeGenericClientConstructor(methods, name))(address, credentials, options) };
    });
  }

  /** @param {string} method */
  #of(method) {
    return this.#clients.find(({ methods }) => methods[method] !== undefined).client;
  }

  /**
   * One question, one answer.
   * @param {string} method @param {object} request @returns {Promise<Record<string, any>>}
   */
  call(method, request) {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + 30_000;
      this.#of(method)[method](request, { deadline }, (error, answer) => {
        if (error) reject(refusalFrom(error));
        else resolve(answer);
      });
    });
  }

  /** A stream of answers. @param {string} method @param {object} request */
  async *stream(method, request) {
    const stream = this.#of(method)[method](request);
    try {
      for await (const answer of stream) yield answer;
    } catch (error) {
      throw refusalFrom(error);
    } finally {
      stream.cancel();
    }
  }

  /** A stream of questions, one answer. @param {string} method @param {object[]} requests */
  upload(method, requests) {
    return new Promise((resolve, reject) => {
      const stream = this.#of(method)[method]((error, answer) => {
        if (error) reject(refusalFrom(error));
        else resolve(answer);
      });
      for (const request of requests) stream.write(request);
      stream.end();
    });
  }

  close() {
    for (const { client } of this.#clients) client.close();
  }
}
