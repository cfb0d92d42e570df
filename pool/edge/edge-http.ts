import Koa from 'koa';
import { logFailure } from '../../service/http-server/log-failure.ts';
import type { Logger } from '../../service/log.ts';
import { type EdgeView, edgeHealthOf } from './edge-health.ts';
import { edgeMetrics } from './edge-metrics.ts';

/** The edge's HTTP answers: `GET /health` (503 while miners get no work) and `GET /metrics`. */
export function edgeApp(view: EdgeView, log: Logger): Koa {
  const app = new Koa();
  app.on('error', (error: Error) => logFailure(error, log));
  app.use(async (ctx) => {
    ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.status = 405;
      ctx.set('Allow', 'GET, HEAD');
      ctx.body = { error: `${ctx.path.slice(0, 80)} takes GET only` };
    } else if (ctx.path === '/health') {
      const health = edgeHealthOf(view);
      ctx.status = health.status === 'ok' ? 200 : 503;
      ctx.body = health;
    } else if (ctx.path === '/metrics') {
      const { type, text } = await edgeMetrics(view);
      ctx.type = type;
      ctx.body = text;
    } else {
      ctx.status = 404;
      ctx.body = { error: 'there are GET /health, GET /metrics and the WebSocket /stratum' };
    }
  });
  return app;
}
