import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { closeReasonOf } from '../../../miner/transport/close-cause.ts';

function errorOf(fields: { code?: string; syscall?: string }): NodeJS.ErrnoException {
  return Object.assign(new Error('words'), fields);
}

describe('the reason of an error', () => {
  for (const [fields, cause] of [
    [{ code: 'ECONNREFUSED' }, 'refused'],
    [{ code: 'EHOSTUNREACH' }, 'unreachable'],
    [{ code: 'EPERM', syscall: 'connect' }, 'unreachable'],
    [{ code: 'EINVAL', syscall: 'getaddrinfo' }, 'unknown-host'],
    [{ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }, 'unknown-host'],
    [{ code: 'ECONNRESET', syscall: 'read' }, 'lost'],
    [{ code: 'CERT_REVOKED' }, 'invalid-certificate'],
    [{ code: 'INVALID_PURPOSE' }, 'invalid-certificate'],
    [{ code: 'UNSPECIFIED' }, 'invalid-certificate'],
    [{ code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR' }, 'tls-failed'],
    [{ code: 'EPROTO' }, 'tls-failed'],
    [{ code: 'HPE_INVALID_CONSTANT' }, 'no-websocket'],
    [{}, 'lost'],
  ] as const) {
    test(`${JSON.stringify(fields)} is ${cause}`, () => {
      assert.deepEqual(closeReasonOf(errorOf(fields)), { cause, detail: 'words' });
    });
  }

  test('of a host with several addresses is that of the first, in the words of all', () => {
    const errors = [new Error('connect ::1'), new Error('connect 127.0.0.1')];
    const all = Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' });
    assert.deepEqual(closeReasonOf(all), { cause: 'refused', detail: 'connect ::1; connect 127.0.0.1' });
  });

  for (const [reason, cause] of [
    ['wrong version number', 'not-tls'],
    ['sslv3 alert handshake failure', 'tls-failed'],
  ] as const) {
    test(`in the text of OpenSSL "${reason}" is ${cause}, and the rest of that text is left out`, () => {
      const message = `write EPROTO 80BC:error:0A00010B:SSL routines:ssl3_get_record:${reason}:../ssl3_record.c:355:\n`;
      const error = Object.assign(new Error(message), { code: 'EPROTO' });
      assert.deepEqual(closeReasonOf(error), { cause, detail: reason });
    });
  }

  test('in the text of OpenSSL is left alone of an alert too', () => {
    const message =
      '80CC4216B47F0000:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 70\n';
    const error = Object.assign(new Error(message), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
    assert.deepEqual(closeReasonOf(error), { cause: 'tls-failed', detail: 'tlsv1 alert protocol version' });
  });

  test('has no words where there are none', () => {
    assert.deepEqual(closeReasonOf(new Error('')), { cause: 'lost', detail: undefined });
  });
});
