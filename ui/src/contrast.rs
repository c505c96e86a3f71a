//! Holds the token file to its word: pairs that carry text reach 4.5:1, and lines that mean something 3:1, by the measure
//! of WCAG 2.2, in every theme.

use std::collections::HashMap;

const TOKENS: &str = include_str!("../styles/tokens.css");

/// Grounds that text and lines stand on.
const GROUNDS: [&str; 4] = ["canvas", "sunken", "surface", "raised"];

/// Words stand in these on every ground, under the pointer too, and on what is chosen.
const INKS: [&str; 8] = ["ink", "ink-2", "ink-3", "accent-text", "ok", "warn", "danger", "info"];

/// Ink and the one ground it is for.
const PAIRS: [(&str, &str); 12] = [
    ("ok", "ok-soft"),
    ("warn", "warn-soft"),
    ("danger", "danger-soft"),
    ("info", "info-soft"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-hover"),
    ("from-input", "from-input-soft"),
    ("from-example", "from-example-soft"),
    ("ink", "added"),
    ("ink", "removed"),
    ("ink", "added-strong"),
    ("ink", "removed-strong"),
];

/// Lines and marks that mean something.
const LINES: [&str; 5] = ["accent", "focus", "control-line", "from-example", "from-input"];

type Theme = HashMap<&'static str, Colour>;

/// Red, green, blue and how much it covers, each from 0 to 1.
#[derive(Clone, Copy)]
struct Colour([f64; 4]);

impl Colour {
    fn read(text: &str) -> Option<Colour> {
        let digits = text.strip_prefix('#')?;
        let part = |at: usize| match digits.get(at..at + 2) {
            Some(pair) => u8::from_str_radix(pair, 16).ok(),
            None => (at == 6).then_some(u8::MAX),
        };
        let parts = [part(0)?, part(2)?, part(4)?, part(6)?];
        Some(Colour(parts.map(|part| f64::from(part) / 255.0)))
    }

    fn over(self, ground: Colour) -> Colour {
        let cover = self.0[3];
        let mut mixed = ground;
        for at in 0..3 {
            mixed.0[at] = self.0[at] * cover + ground.0[at] * (1.0 - cover);
        }
        mixed
    }

    /// Relative luminance.
    fn light(self) -> f64 {
        let linear = |part: f64| match part <= 0.040_45 {
            true => part / 12.92,
            false => ((part + 0.055) / 1.055).powf(2.4),
        };
        let [red, green, blue, _] = self.0;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}

fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (one.light() + 0.05, other.light() + 0.05);
    one.max(other) / one.min(other)
}

/// The colours of a block of the token file, over those of another.
fn block(selector: &str, from: &str, below: &Theme) -> Theme {
    let rest = TOKENS.split_once(from).map_or(TOKENS, |(_, rest)| rest);
    let (_, rest) = rest.split_once(&format!("{selector} {{")).expect("the block is there");
    let (inside, _) = rest.split_once('}').expect("it ends");
    let mut theme = below.clone();
    for line in inside.lines() {
        let named = line.trim().strip_prefix("--").and_then(|line| line.split_once(':'));
        let Some((name, rest)) = named else { continue };
        let value = rest.split(';').next().unwrap_or_default().trim();
        if let Some(colour) = Colour::read(value) {
            theme.insert(name, colour);
        }
    }
    theme
}

fn themes() -> [(&'static str, Theme); 4] {
    const MORE: &str = "prefers-contrast: more";
    let (by_day, by_night) = (":root", ":root[data-theme=\"dark\"]");
    let light = block(by_day, "", &Theme::new());
    let dark = block(by_night, "", &light);
    let light_more = block(by_day, MORE, &light);
    let dark_more = block(by_night, MORE, &dark);
    [
        ("light", light),
        ("dark", dark),
        ("light, more contrast", light_more),
        ("dark, more contrast", dark_more),
    ]
}

/// What does not reach `least`, in words.
fn weak(name: &str, ink: &str, on: &str, colours: (Colour, Colour), least: f64) -> Option<String> {
    let found = contrast(colours.0, colours.1);
    (found < least).then(|| format!("{name}: {ink} on {on} is {found:.2}"))
}

#[test]
fn words_can_be_read_on_every_ground_in_every_theme() {
    let mut all = Vec::new();
    for (name, theme) in themes() {
        let mut check = |ink: &str, on: &str, ground: Colour| {
            all.extend(weak(name, ink, on, (theme[ink], ground), 4.5));
        };
        for ink in INKS {
            for on in GROUNDS {
                check(ink, on, theme[on]);
                check(ink, &format!("{on} under the pointer"), theme["hover"].over(theme[on]));
            }
            check(ink, "accent-soft", theme["accent-soft"]);
        }
        for (ink, on) in PAIRS {
            check(ink, on, theme[on]);
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn lines_that_mean_something_can_be_seen_on_every_ground() {
    let mut all = Vec::new();
    for (name, theme) in themes() {
        for line in LINES {
            for on in GROUNDS {
                all.extend(weak(name, line, on, (theme[line], theme[on]), 3.0));
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn contrast_is_measured_as_the_standard_does() {
    let read = |text| Colour::read(text).expect("a colour");
    assert!((contrast(read("#000000"), read("#ffffff")) - 21.0).abs() < 1e-9);
    assert!((contrast(read("#777777"), read("#ffffff")) - 4.478).abs() < 1e-3);
    let half = read("#ffffff80").over(read("#000000"));
    assert!((half.0[0] - 128.0 / 255.0).abs() < 1e-9);
    assert!(Colour::read("0 1px 2px #3a321e1f").is_none(), "a shadow is no colour");
}
