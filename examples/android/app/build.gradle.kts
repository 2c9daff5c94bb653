plugins {
    id("com.android.application")
    kotlin("android")
    kotlin("plugin.compose")
}

/** What the example shows, such as `-Pparlor.room=…`. */
fun setting(name: String, otherwise: String = "") =
    "\"${providers.gradleProperty("parlor.$name").getOrElse(otherwise)}\""

android {
    namespace = "com.example.parlor"
    compileSdk = 36

    defaultConfig {
        applicationId = "com.example.parlor"
        minSdk = 24
        targetSdk = 36
        // How an emulator reaches the machine that it runs on.
        buildConfigField("String", "SERVER", setting("server", "http://10.0.2.2:8080"))
        buildConfigField("String", "ROOM", setting("room"))
        buildConfigField("String", "STREAM", setting("stream"))
    }

    buildFeatures {
        buildConfig = true
        compose = true
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
    implementation(project(":parlor"))
    implementation("androidx.activity:activity-compose:1.12.4")
    implementation("androidx.compose.material3:material3:1.4.0")
    implementation("androidx.lifecycle:lifecycle-runtime-compose:2.10.0")
    implementation("androidx.lifecycle:lifecycle-viewmodel:2.10.0")
    implementation("androidx.media3:media3-exoplayer-hls:1.11.1")
    implementation("androidx.media3:media3-ui:1.11.1")
}
