#!/bin/sh
# Builds Parlor.xcframework into target/swift, for iOS, its simulator and macOS, so that the package
# there can be added to an Xcode project. On a Mac, with Xcode and rustup.
set -eu
cd "$(dirname "$0")/../.."

# The package's own minimums, see Package.swift.
export IPHONEOS_DEPLOYMENT_TARGET=15.0
export MACOSX_DEPLOYMENT_TARGET=12.0

phone="aarch64-apple-ios"
simulator="aarch64-apple-ios-sim x86_64-apple-ios"
mac="aarch64-apple-darwin x86_64-apple-darwin"

# Bindings and sources. They must be of the same sources as the libraries: the package checks.
cargo xtask codegen
package="target/swift"
work="target/xcframework"
rm -rf "$work" "$package/Parlor.xcframework"

# A folder of its own within the headers keeps the module map apart from those of other frameworks.
headers="$work/headers"
mkdir -p "$headers/parlorFFI"
cp "$package/Sources/parlorFFI/parlorFFI.h" "$package/Sources/parlorFFI/module.modulemap" \
    "$headers/parlorFFI/"

# build PLATFORM TARGET…: one library for all targets of a platform.
build() {
    platform="$1"
    shift
    libraries=""
    for target in "$@"; do
        rustup target add "$target"
        cargo build --release --package parlor-sdk-mobile --target "$target"
        libraries="$libraries target/$target/release/libparlor.a"
    done
    mkdir -p "$work/$platform"
    # shellcheck disable=SC2086 # a list of paths without spaces
    lipo -create $libraries -output "$work/$platform/libparlor.a"
}

# shellcheck disable=SC2086 # lists of words
{
    build ios $phone
    build simulator $simulator
    build macos $mac
}

xcodebuild -create-xcframework \
    -library "$work/ios/libparlor.a" -headers "$headers" \
    -library "$work/simulator/libparlor.a" -headers "$headers" \
    -library "$work/macos/libparlor.a" -headers "$headers" \
    -output "$package/Parlor.xcframework"
echo "built $package/Parlor.xcframework: add the package $package to the Xcode project"
