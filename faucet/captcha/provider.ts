/** The two captcha providers that are known, and where each of them lives. */

export const CAPTCHA_PROVIDERS = ['hcaptcha', 'recaptcha'] as const;
export type CaptchaProviderName = (typeof CAPTCHA_PROVIDERS)[number];

export interface CaptchaProvider {
  readonly name: CaptchaProviderName;
  /** As people know it. */
  readonly title: string;
  /** Takes a form with `secret` and `response`, answers JSON with `success`. */
  readonly verifyUrl: string;
  /** Makes the widget. */
  readonly scriptUrl: string;
  /** From where the widget loads scripts, frames and styles. */
  readonly sources: readonly string[];
}

export const PROVIDERS: Readonly<Record<CaptchaProviderName, CaptchaProvider>> = {
  // https://docs.hcaptcha.com/#verify-the-user-response-server-side, #content-security-policy-settings
  hcaptcha: {
    name: 'hcaptcha',
    title: 'hCaptcha',
    verifyUrl: 'https://api.hcaptcha.com/siteverify',
    scriptUrl: 'https://js.hcaptcha.com/1/api.js',
    sources: ['https://hcaptcha.com', 'https://*.hcaptcha.com'],
  },
  // https://developers.google.com/recaptcha/docs/verify, …/docs/faq (content policy)
  recaptcha: {
    name: 'recaptcha',
    title: 'reCAPTCHA',
    verifyUrl: 'https://www.google.com/recaptcha/api/siteverify',
    scriptUrl: 'https://www.google.com/recaptcha/api.js',
    sources: ['https://www.google.com/recaptcha/', 'https://www.gstatic.com/recaptcha/'],
  },
};
