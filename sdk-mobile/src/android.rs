//! What Android has to be asked for through Java: whom to trust.
//!
//! The system's verifier is a Java class, reached through the application's context, which only the
//! application can give.

use jni::EnvUnowned;
use jni::errors::{Error, ThrowRuntimeExAndDefault};
use jni::objects::{JClass, JObject};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

static HAS_CONTEXT: AtomicBool = AtomicBool::new(false);

/// `parlor.SystemTrust.install(context: android.content.Context)`, a static method of the Kotlin
/// package. Once, before the first connection to a server of `https`; more often does no harm.
#[expect(
    unsafe_code,
    reason = "Java finds a native method by its exported name"
)]
#[unsafe(no_mangle)]
pub(crate) extern "system" fn Java_parlor_SystemTrust_install<'caller>(
    mut env: EnvUnowned<'caller>,
    _class: JClass<'caller>,
    context: JObject<'caller>,
) {
    env.with_env(|env| -> Result<(), Error> {
        rustls_platform_verifier::android::init_with_env(env, context)?;
        HAS_CONTEXT.store(true, Ordering::Release);

        Ok(())
    })
    .resolve::<ThrowRuntimeExAndDefault>();
}

/// Fails if the verifier has no context yet: it would panic.
pub(crate) fn check_trust() -> io::Result<()> {
    if HAS_CONTEXT.load(Ordering::Acquire) {
        return Ok(());
    }

    Err(io::Error::other(
        "Android has not been asked whom to trust: call `SystemTrust.install(context)` first",
    ))
}
