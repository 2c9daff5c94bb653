//! How much a document may ask for.
//!
//! What a document costs is counted as it is read, validated and executed, with fragments put in
//! place wherever they are spread, so that a short text cannot ask for much. All sums are over every
//! operation of the document, because validation goes through all of them.

/// The longest document. Ten times the longest in the SDKs.
pub(super) const DOCUMENT_BYTES_MAX: usize = 32 * 1024;
/// Words, numbers, strings and punctuators in a document. Twice what an explorer's introspection has.
pub(super) const TOKENS_MAX: usize = 2_000;
/// Brackets within each other, and selections within each other with fragments put in place; also
/// lists and objects in variables. It bounds every recursion, and is as deep as the executor goes.
pub(crate) const NESTING_MAX: usize = 32;
/// The longest name. The API's have up to forty, and tools that generate operations name them by a
/// path; errors repeat them.
pub(super) const NAME_BYTES_MAX: usize = 128;
/// Operations in a document. A page sends what it may want to name in one document, but validation
/// goes from each operation through all fragments.
pub(super) const OPERATIONS_MAX: usize = 20;
/// Variables of an operation. The widest mutation has twenty fields that might be one each, and each
/// use of a variable is looked for among them.
pub(super) const VARIABLES_MAX: usize = 50;
/// Arguments of a field or a directive. The API's have up to five; fields of one name are compared
/// argument by argument.
pub(super) const ARGUMENTS_MAX: usize = 20;
/// Fields within fields. The deepest path in the API has seven.
pub(super) const DEPTH_MAX: usize = 10;
/// The same for introspection: a list's item type is looked up nine wrappings deep.
pub(super) const INTROSPECTION_DEPTH_MAX: usize = 20;
/// Lists of the schema within each other. An explorer asks for arguments of fields of types; lists of
/// lists of lists of lists would multiply.
pub(super) const INTROSPECTION_LISTS_MAX: usize = 3;
/// Selections of introspection. An explorer's query has about two hundred and fifty.
pub(super) const INTROSPECTION_SELECTIONS_MAX: usize = 500;
/// Fields, spreads and inline fragments. Everything of a room and its feed comes to about two hundred.
pub(super) const SELECTIONS_MAX: usize = 2_000;
/// Fields of an operation itself. Each is a read or a command of its own.
pub(super) const ROOT_FIELDS_MAX: usize = 20;
/// Renamed fields. They are how one field is asked for many times.
pub(super) const ALIASES_MAX: usize = 50;
/// Steps of the rule by which fields of one name must be the same: every selection set is compared
/// with all that its fragments bring into it. The feed with everything takes about a thousand.
pub(super) const COMPARISONS_MAX: usize = 10_000;
/// Bytes of values in memory, if wherever a variable is used it were the largest one: they are copied
/// for each use, and errors repeat them. The longest text that a request body holds fits in several
/// times.
pub(super) const VALUES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a value takes in memory beside its text.
pub(super) const VALUE_BYTES: usize = 80;
