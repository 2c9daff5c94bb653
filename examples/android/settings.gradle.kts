pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
    plugins {
        id("com.android.application") version "8.13.0"
        id("com.android.library") version "8.13.0"
        kotlin("android") version "2.4.20"
        kotlin("plugin.compose") version "2.4.20"
    }
}

dependencyResolutionManagement {
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "parlor-example"
include(":app", ":parlor")
project(":parlor").projectDir = file("../../sdk-mobile/kotlin/android")
