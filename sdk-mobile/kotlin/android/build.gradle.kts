// The AAR. `cargo xtask codegen` writes the bindings; README.md says how the libraries are built.

plugins {
    id("com.android.library")
    kotlin("android")
}

val checkout = projectDir.resolve("../../..")

android {
    namespace = "parlor.android"
    compileSdk = 36

    defaultConfig {
        minSdk = 24
        consumerProguardFiles("consumer-rules.pro")
        ndk {
            abiFilters += listOf("arm64-v8a", "armeabi-v7a", "x86_64")
        }
    }

    sourceSets["main"].apply {
        kotlin.srcDirs(
            "src/main/kotlin",
            "../library/src/main/kotlin",
            checkout.resolve("target/kotlin/bindings"),
        )
        jniLibs.srcDirs(checkout.resolve("target/kotlin/jniLibs"))
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }
}

kotlin {
    compilerOptions {
        jvmTarget = org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_11
    }
}

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.11.0")
    implementation("net.java.dev.jna:jna:5.19.1@aar")
    // The same version as of rustls-platform-verifier-android in Cargo.lock.
    implementation("rustls:rustls-platform-verifier:0.2.0@aar")
}
