/** What an operator can set about captchas. */
import { list, number, SettingError, string, type Values } from '../../service/config.ts';
import { type CaptchaProvider, PROVIDERS } from './provider.ts';

/** The captcha that claims need. */
export interface CaptchaOptions {
  readonly provider: CaptchaProvider;
  readonly secret: string;
  /** For the page's widget; without one claims come from the operator's own site. */
  readonly siteKey: string | undefined;
  /** Sites whose answers count; empty for any. */
  readonly hostnames: readonly string[];
  /** The least score that counts, where the provider gives one. */
  readonly minScore: number;
}

/** Google's advice for a first threshold (reCAPTCHA v3, "Interpreting the score"). */
const DEFAULT_MIN_SCORE = 0.5;

export const CAPTCHA_SETTINGS = {
  hcaptchaSecret: string({
    help: 'secret of an hCaptcha account: claims then need its captcha instead of work',
    env: ['HCAPTCHA_SECRET'],
    secret: true,
  }),
  recaptchaSecret: string({
    help: 'secret of a reCAPTCHA key: claims then need its captcha instead of work',
    env: ['RECAPTCHA_SECRET'],
    secret: true,
  }),
  captchaSiteKey: string({
    help: "the captcha's site key, for the widget on the faucet's page",
    env: ['HCAPTCHA_SITE_KEY', 'RECAPTCHA_SITE_KEY'],
    check: (key) => (/^[\w-]{1,100}$/.test(key) ? undefined : 'must be letters, digits, "-" and "_"'),
  }),
  captchaVerifyUrl: string({
    help: "where captcha answers are checked, if not at the provider's own address",
    check: urlComplaint,
  }),
  captchaScriptUrl: string({
    help: "script of the captcha's widget, if not at the provider's own address",
    check: urlComplaint,
  }),
  captchaHostname: list({
    help: 'site whose captcha answers count; any while none is named',
  }),
  captchaMinScore: number({
    help: 'least score that counts, where the provider gives one',
    default: DEFAULT_MIN_SCORE,
    min: 0,
    max: 1,
  }),
};

/**
 * Turns the settings into options; undefined where no secret is set.
 * @throws SettingError where both secrets are
 */
export function captchaOptions(values: Values<typeof CAPTCHA_SETTINGS>): CaptchaOptions | undefined {
  const { hcaptchaSecret, recaptchaSecret, captchaVerifyUrl, captchaScriptUrl } = values;
  if (hcaptchaSecret !== undefined && recaptchaSecret !== undefined) {
    throw new SettingError('HCAPTCHA_SECRET and RECAPTCHA_SECRET are both set: a faucet has one captcha');
  }
  const secret = hcaptchaSecret ?? recaptchaSecret;
  if (secret === undefined) return undefined;
  const known = hcaptchaSecret === undefined ? PROVIDERS.recaptcha : PROVIDERS.hcaptcha;
  return {
    provider: {
      ...known,
      ...(captchaVerifyUrl !== undefined && { verifyUrl: captchaVerifyUrl }),
      ...(captchaScriptUrl !== undefined && {
        scriptUrl: captchaScriptUrl,
        sources: [...known.sources, new URL(captchaScriptUrl).origin],
      }),
    },
    secret,
    siteKey: values.captchaSiteKey,
    hostnames: values.captchaHostname,
    minScore: values.captchaMinScore,
  };
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The secret goes there, and scripts come from there: only to this machine without TLS. */
function urlComplaint(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  return isSafe ? undefined : 'must be a URL with https://, or with http:// of this machine';
}
