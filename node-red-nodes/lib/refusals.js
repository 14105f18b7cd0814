/*
 * What keeps an answer about a block from coming: the service's refusals, and everything between here and there.
 */
"use strict";

/**
 * A run that brought no answer about its block.
 *
 * `code` is one of service_unreachable, service_not_ready, certificate_refused, connection_lost, broken_answer,
 * cancelled, or the `error_key` of the service's problem document. `retryAfterMs` is there if the service said when to
 * come back.
 */
class ServiceError extends Error {
    constructor(code, message, options) {
        super(message, options);
        this.name = "ServiceError";
        this.code = code;
    }
}

const NOT_CONNECTED = new Set([
    "ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT",
    "EADDRNOTAVAIL",
]);

/** The error for a problem document (RFC 9457) of the service. */
function refusalOf(problem) {
    const { error_key: key, detail, title, status, retry_after: seconds } = Object(problem);
    const text = String(detail ?? title ?? `HTTP ${status}`);
    const error = key === "not_ready"
        ? new ServiceError("service_not_ready", `the Cellblock service is not ready: ${text}`)
        : new ServiceError(String(key ?? `http_${status}`), `the service refused the request: ${text}`);
    if (Number.isFinite(seconds)) {
        error.retryAfterMs = seconds * 1000;
    }
    return error;
}

/** The error for a connection that couldn't be made, or broke, because of `error`. */
function connectionError(url, error) {
    if (error instanceof ServiceError) {
        return error;
    }
    if (isAboutCertificate(error)) {
        return new ServiceError("certificate_refused", `the certificate of the Cellblock service at ${url.origin} `
            + `isn't trusted: ${error.message} (${error.code})`, { cause: error });
    }
    if (NOT_CONNECTED.has(error.code)) {
        const reason = ["ECONNRESET", "EPIPE"].includes(error.code) ? "connection lost" : error.code;
        return unreachable(url, reason, error);
    }
    return new ServiceError("broken_answer", `talking to the Cellblock service at ${url.origin} failed: `
        + `${error.message}. Is that a Cellblock service?`, { cause: error });
}

/** OpenSSL's and Node's codes for a certificate that wasn't accepted. */
function isAboutCertificate({ code }) {
    return /CERT|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH/.test(String(code));
}

function unreachable(url, reason, cause) {
    return new ServiceError("service_unreachable",
        `the Cellblock service at ${url.origin} can't be reached (${reason})`, { cause });
}

module.exports = { ServiceError, connectionError, refusalOf, unreachable };
