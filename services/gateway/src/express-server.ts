import { createServer, IncomingMessage, type Server, type ServerOptions, ServerResponse } from 'node:http';
import express, { type Express } from 'express';

export interface ExpressServer {
  server: Server;
  /** Has the app answer; once. */
  serve(app: Express): void;
}

/**
 * A server whose requests and responses have the prototypes of its app from the start. Express sets them at every request,
 * and where that changes anything, V8 gives each object a shape of its own: no property of it is looked up fast, and much of
 * it outlives the young generation. That takes more of a small request's time than all else that express does.
 */
export function createExpressServer(options: ServerOptions): ExpressServer {
  class AppRequest extends IncomingMessage {}
  class AppResponse extends ServerResponse {}
  const request = Object.setPrototypeOf(AppRequest.prototype, express.request) as Express['request'];
  const response = Object.setPrototypeOf(AppResponse.prototype, express.response) as Express['response'];
  const server = createServer({ ...options, IncomingMessage: AppRequest, ServerResponse: AppResponse });
  return {
    server,
    serve: (app) => {
      app.request = Object.assign(request, { app });
      app.response = Object.assign(response, { app });
      server.on('request', app);
    },
  };
}
