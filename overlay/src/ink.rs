//! Colours that can be read on each other, whatever theme a streamer chose.
//!
//! Contrast is WCAG's: `(lighter + 0.05) / (darker + 0.05)` of relative luminance. A plate lets
//! some of the picture through, so text is judged against it over black and over white.

use alloc::string::String;

use crate::words;

/// The least contrast of text on its plate.
pub(crate) const CONTRAST_MIN: f32 = 7.0;

/// A colour: red, green and blue from 0 to 255, and how opaque it is from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Color {
    pub(crate) red: f32,
    pub(crate) green: f32,
    pub(crate) blue: f32,
    pub(crate) alpha: f32,
}

const WHITE: Color = Color::opaque(255.0, 255.0, 255.0);
const BLACK: Color = Color::opaque(0.0, 0.0, 0.0);
/// What dark text is drawn with: softer than black on a bright field.
const DARK: Color = Color::opaque(10.0, 14.0, 22.0);

impl Color {
    /// A colour that lets nothing through.
    pub(crate) const fn opaque(red: f32, green: f32, blue: f32) -> Self {
        Self {
            red,
            green,
            blue,
            alpha: 1.0,
        }
    }

    /// Reads a computed style in sRGB: `color(srgb 0.1 0.2 0.3)` or `color(srgb 0 0 0 / 0.5)`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts = text.strip_prefix("color(srgb ")?.strip_suffix(')')?;
        let mut numbers = parts.split(' ').filter(|part| *part != "/").map(number);
        let mut channel = || numbers.next().map(|part| part * 255.0);

        Some(Self {
            red: channel()?,
            green: channel()?,
            blue: channel()?,
            alpha: numbers.next().unwrap_or(1.0),
        })
    }

    /// Reads `#rrggbb`.
    pub(crate) fn hex(text: &str) -> Option<Self> {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let [red, green, blue]: [_; 3] = {
            let mut digits = text.strip_prefix('#')?.bytes();
            let mut channel =
                || Some((digit(digits.next()?)? * 16 + digit(digits.next()?)?) as f32);
            [channel()?, channel()?, channel()?]
        };

        Some(Self::opaque(red, green, blue))
    }

    /// Writes the colour as CSS.
    pub(crate) fn css(self) -> String {
        let whole = |value: f32| words::digits(i64::from((value + 0.5) as i32));
        let (red, green, blue) = (whole(self.red), whole(self.green), whole(self.blue));
        let alpha = whole(self.alpha * 100.0);

        ["rgb(", &red, " ", &green, " ", &blue, " / ", &alpha, "%)"].concat()
    }

    fn over(self, below: Self) -> Self {
        below.mixed(self, self.alpha)
    }

    fn mixed(self, other: Self, part: f32) -> Self {
        let mix = |from: f32, to: f32| from + (to - from) * part;

        Self::opaque(
            mix(self.red, other.red),
            mix(self.green, other.green),
            mix(self.blue, other.blue),
        )
    }

    fn luminance(self) -> f32 {
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

/// Returns the least contrast of `ink` on `plate`, over any picture.
pub(crate) fn contrast(ink: Color, plate: Color) -> f32 {
    let on = |below: Color| {
        let (one, other) = (ink.luminance(), plate.over(below).luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    };

    on(BLACK).min(on(WHITE))
}

/// Returns `wish` if it can be read on `plate`, and else the nearest shade of it that can.
pub(crate) fn ink_on(plate: Color, wish: Color) -> Color {
    let far = if contrast(WHITE, plate) > contrast(BLACK, plate) {
        WHITE
    } else {
        BLACK
    };

    shaded_until(wish, far, |ink| contrast(ink, plate))
}

/// Returns a field of the colour `wish` and the ink to write on it.
pub(crate) fn field(wish: Color) -> (Color, Color) {
    let wish = wish.over(BLACK);
    let (ink, far) = if contrast(DARK, wish) > contrast(WHITE, wish) {
        (DARK, WHITE)
    } else {
        (WHITE, BLACK)
    };

    (shaded_until(wish, far, |field| contrast(ink, field)), ink)
}

fn shaded_until(wish: Color, far: Color, contrast: impl Fn(Color) -> f32) -> Color {
    const STEPS: u8 = 20;

    (0..=STEPS)
        .map(|step| wish.mixed(far, f32::from(step) / f32::from(STEPS)))
        .find(|shade| contrast(*shade) >= CONTRAST_MIN)
        .unwrap_or(far)
}

/// Reads `12.5`; what is below zero, or so small that it is written with an exponent, is 0. The
/// standard library's way to read a float is larger than the rest of this module ten times over.
pub(crate) fn number(text: &str) -> f32 {
    let mut value = 0.0;
    let mut divisor = 0.0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                value = value * 10.0 + f32::from(byte - b'0');
                divisor *= 10.0;
            }
            b'.' => divisor = 1.0,
            b'-' | b'e' => return 0.0,
            _ => break,
        }
    }

    if divisor > 0.0 {
        value / divisor
    } else {
        value
    }
}

/// Takes a channel from sRGB to linear light. A cubic within 0.4% of the exact curve, which would
/// bring `powf` into the download.
fn linear(channel: f32) -> f32 {
    let c = channel / 255.0;

    c * (c * (c * 0.305_306 + 0.682_171_1) + 0.012_522_9)
}

#[cfg(test)]
mod tests {
    use super::{BLACK, CONTRAST_MIN, Color, WHITE, contrast, field, ink_on};

    const PLATE: Color = Color {
        red: 12.0,
        green: 19.0,
        blue: 32.0,
        alpha: 0.87,
    };

    #[test]
    fn computed_styles_are_read() {
        let half = Color {
            red: 255.0,
            green: 0.0,
            blue: 127.5,
            alpha: 0.5,
        };

        assert_eq!(Color::parse("color(srgb 1 -0.01 0.5 / 0.5)"), Some(half));
        assert_eq!(Color::parse("color(srgb 1 1 1)"), Some(WHITE));
        assert_eq!(Color::parse("color(srgb 0 3e-8 0)"), Some(BLACK));
        assert_eq!(Color::parse("none"), None);
    }

    #[test]
    fn colours_that_people_give_are_read() {
        assert_eq!(
            Color::hex("#ff8800"),
            Some(Color::opaque(255.0, 136.0, 0.0))
        );
        assert_eq!(Color::hex("#FFFFFF"), Some(WHITE));
        for none in ["", "#", "ff8800", "#ff88", "#ff88zz", "#é0000"] {
            assert_eq!(Color::hex(none), None, "{none}");
        }
    }

    #[test]
    fn ink_that_can_be_read_is_left_as_wished() {
        let wish = Color::opaque(247.0, 245.0, 238.0);

        assert_eq!(ink_on(PLATE, wish).css(), wish.css());
    }

    #[test]
    fn text_can_be_read_on_its_plate_whatever_the_theme() {
        for (red, green, blue) in every_hue() {
            let color = Color::opaque(red, green, blue);
            let (field, ink) = field(color);

            assert!(contrast(ink, field) >= CONTRAST_MIN, "{ink:?} on {field:?}");
            assert!(
                contrast(ink_on(PLATE, color), PLATE) >= CONTRAST_MIN,
                "{color:?}"
            );
        }
    }

    fn every_hue() -> impl Iterator<Item = (f32, f32, f32)> {
        let channel = || [0.0, 64.0, 128.0, 192.0, 255.0];

        channel().into_iter().flat_map(move |red| {
            channel()
                .into_iter()
                .flat_map(move |green| channel().into_iter().map(move |blue| (red, green, blue)))
        })
    }
}
