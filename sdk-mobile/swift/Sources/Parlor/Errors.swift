import Foundation
import ParlorNative

/// Why a question was not answered.
public enum QueryError: Error, Equatable, Sendable {
    /// The server could not be reached, or did not answer in time. Worth another try.
    case unreachable(reason: String)
    /// The token is missing, malformed, expired or not good for this. The code is `UNAUTHENTICATED` if
    /// another token may help, else the rule's name.
    case forbidden(reason: String, code: String)
    /// The server did not answer as it should.
    case faulty(reason: String)
}

/// Why a command was refused or failed.
///
/// After ``unreachable(reason:)`` and ``faulty(reason:)`` it may have been carried out all the same;
/// one with an idempotency key is safe to repeat.
public enum CommandError: Error, Equatable, Sendable {
    /// The input breaks a rule: the server's words, the field at fault, such as `amount`, and the
    /// limit or rule that it breaks.
    case invalid(reason: String, field: String?, constraint: String?)
    /// There is no such thing, or it is not the token's to see.
    case notFound(reason: String)
    /// The token is missing, malformed or expired, or the caller may not do this. The code is
    /// `UNAUTHENTICATED` if another token may help, else the rule's name, such as
    /// `CAPABILITY_MISSING`.
    case forbidden(reason: String, code: String)
    /// The input is well formed, and the present state forbids it. The code is the rule's name, such as
    /// `STAGE_FULL`.
    case conflict(reason: String, code: String)
    /// What is to be changed has changed meanwhile. Look at it as it is now, and try again if it is
    /// still wanted.
    case stale(reason: String)
    /// The server could not be reached, or did not answer in time.
    case unreachable(reason: String)
    /// The server did not answer as it should.
    case faulty(reason: String)
}

/// Why an address cannot be a server's.
public enum ServerURLError: Error, Equatable, Sendable {
    /// It is not an absolute address of `http`, `https`, `ws` or `wss` without a query.
    case malformed(url: String, reason: String)
}

extension QueryError: LocalizedError {
    /// What happened, for a log.
    public var errorDescription: String? {
        switch self {
        case .unreachable(let reason): "the server could not be reached: \(reason)"
        case .forbidden(let reason, _): "not allowed: \(reason)"
        case .faulty(let reason): "the server failed: \(reason)"
        }
    }
}

extension CommandError: LocalizedError {
    /// What happened, for a log.
    public var errorDescription: String? {
        switch self {
        case .invalid(let reason, _, _), .notFound(let reason), .conflict(let reason, _),
            .stale(let reason):
            reason
        case .forbidden(let reason, _): "not allowed: \(reason)"
        case .unreachable(let reason): "the server could not be reached: \(reason)"
        case .faulty(let reason): "the server failed: \(reason)"
        }
    }
}

extension ServerURLError: LocalizedError {
    /// What is wrong with it.
    public var errorDescription: String? {
        switch self {
        case .malformed(let url, let reason): "\(url) is not a server's address: \(reason)"
        }
    }
}

/// Carries out `operation`, with the generated errors as those of this module.
func translatingErrors<Value>(_ operation: () throws -> Value) throws -> Value {
    do {
        return try operation()
    } catch {
        throw translated(error)
    }
}

/// The generated errors as those of this module, whose cases are named as Swift's are.
func translated(_ error: Error) -> Error {
    switch error {
    case let error as ParlorNative.QueryError: QueryError(error)
    case let error as ParlorNative.CommandError: CommandError(error)
    case let error as ParlorNative.ServerUrlError: ServerURLError(error)
    default: error
    }
}

extension QueryError {
    fileprivate init(_ error: ParlorNative.QueryError) {
        self =
            switch error {
            case .Unreachable(let reason): .unreachable(reason: reason)
            case .Forbidden(let reason, let code): .forbidden(reason: reason, code: code)
            case .Faulty(let reason): .faulty(reason: reason)
            }
    }
}

extension CommandError {
    init(_ error: ParlorNative.CommandError) {
        self =
            switch error {
            case .Invalid(let reason, let field, let constraint):
                .invalid(reason: reason, field: field, constraint: constraint)
            case .NotFound(let reason): .notFound(reason: reason)
            case .Forbidden(let reason, let code): .forbidden(reason: reason, code: code)
            case .Conflict(let reason, let code): .conflict(reason: reason, code: code)
            case .Stale(let reason): .stale(reason: reason)
            case .Unreachable(let reason): .unreachable(reason: reason)
            case .Faulty(let reason): .faulty(reason: reason)
            }
    }
}

extension ServerURLError {
    fileprivate init(_ error: ParlorNative.ServerUrlError) {
        self =
            switch error {
            case .Malformed(let url, let reason): .malformed(url: url, reason: reason)
            }
    }
}
