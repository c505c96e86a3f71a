//! Draws a [`Figure`] as plain SVG, or as a table. One stop for the keyboard: arrows go from mark to mark, Enter chooses.

use leptos::{ev::KeyboardEvent, prelude::*};

use super::figure::{Figure, Goal, Mark, Shape, stepped};
use crate::components::{Blank, Button, Kind};

/// The drawing's width, its usual height and the room for its axes, in its own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 92.0;
const BOTTOM: f64 = 44.0;
const EDGE: f64 = 14.0;

/// Above the plot stands what its height measures, clear of the highest tick.
const TOP: f64 = 26.0;

/// The height of a line of marks that has a name of its own beside the axis.
const LINE: f64 = 18.0;

/// Colours and forms there are; series after these begin again.
const SERIES: usize = 4;

/// A chart with its legend and its table.
#[component]
pub(super) fn FigureView(
    /// What it shows.
    figure: Figure,
    /// Goes where a mark leads.
    choose: impl Fn(Goal) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let as_table = RwSignal::new(false);
    let (id, title, about) = (figure.id, figure.title.clone(), figure.about.clone());
    let none = figure.none;
    let is_empty = figure.marks.is_empty();
    let figure = StoredValue::new(figure);
    view! {
        <figure class="figure" data-testid=format!("figure-{id}")>
            <figcaption class="figure__head">
                <div class="grow">
                    <h3 class="figure__title" id=format!("figure-{id}-title")>{title}</h3>
                    <p class="quiet">{about}</p>
                </div>
                <Button small=true kind=Kind::Quiet testid=format!("figure-{id}-table") on_press=move |_| as_table.update(|on| *on = !*on)>
                    {move || if as_table.get() { "Chart" } else { "Table" }}
                </Button>
            </figcaption>
            {move || {
                let figure = figure.get_value();
                match (is_empty, as_table.get()) {
                    (true, _) => view! { <Nothing text=none /> }.into_any(),
                    (false, true) => view! { <AsTable figure choose /> }.into_any(),
                    (false, false) => view! { <Drawing figure choose /> }.into_any(),
                }
            }}
        </figure>
    }
}

#[component]
fn Nothing(text: &'static str) -> impl IntoView {
    view! { <Blank mark=crate::components::Mark::Chart title="Nothing to draw yet" text /> }
}

#[component]
fn Drawing(figure: Figure, choose: impl Fn(Goal) + Copy + Send + Sync + 'static) -> impl IntoView {
    let at = RwSignal::new(0usize);
    let Figure { id, x, y, guide, band, series, marks, lines, .. } = figure;
    let plot = Plot::of(lines);
    let count = marks.len();
    let labels: Vec<String> = marks.iter().map(|mark| mark.label.clone()).collect();
    let goals = StoredValue::new(marks.iter().map(|mark| mark.goal.clone()).collect::<Vec<_>>());
    let go = move || {
        if let Some(goal) = goals.with_value(|goals| goals.get(at.get_untracked()).cloned()) {
            choose(goal);
        }
    };
    let steer = move |event: KeyboardEvent| {
        let key = event.key();
        if let Some(next) = stepped(at.get_untracked(), &key, count) {
            event.prevent_default();
            at.set(next);
        } else if key == "Enter" || key == " " {
            event.prevent_default();
            go();
        }
    };
    let drawn = marks
        .into_iter()
        .enumerate()
        .map(|(place, mark)| {
            let press = move |_| {
                at.set(place);
                go();
            };
            view! { <MarkView id plot place mark at press /> }
        })
        .collect_view();
    view! {
        <div
            class="figure__plot" role="listbox" tabindex="0" aria-labelledby=format!("figure-{id}-title")
            aria-activedescendant=move || format!("figure-{id}-{}", at.get()) on:keydown=steer
        >
            <svg class="figure__svg" viewBox=format!("0 0 {} {}", WIDTH, plot.height) role="presentation">
                {band.map(|(low, high)| view! {
                    <rect class="figure__band" x=plot.across(low) y=TOP width=plot.across(high) - plot.across(low) height=plot.up(0.0) - TOP />
                })}
                <Axes plot x y />
                {guide.map(|at| view! { <line class="figure__guide" x1=plot.across(at) x2=plot.across(at) y1=TOP y2=plot.up(0.0) /> })}
                {drawn}
            </svg>
        </div>
        <p class="figure__said number" role="status">{move || labels.get(at.get()).cloned()}</p>
        <Legend series />
    }
}

/// From shares of the plot to the drawing's units.
#[derive(Clone, Copy)]
struct Plot {
    height: f64,
}

impl Plot {
    /// High enough for so many lines of marks, each with its name.
    fn of(lines: usize) -> Plot {
        Plot { height: HEIGHT.max(TOP + BOTTOM + LINE * lines as f64) }
    }

    fn across(self, x: f64) -> f64 {
        LEFT + x * (WIDTH - LEFT - EDGE)
    }

    fn up(self, y: f64) -> f64 {
        self.height - BOTTOM - y * (self.height - BOTTOM - TOP)
    }
}

#[component]
fn Axes(plot: Plot, x: super::figure::Axis, y: super::figure::Axis) -> impl IntoView {
    let below = x.ticks.into_iter().map(|(at, words)| view! {
        <g>
            <line class="figure__tick" x1=plot.across(at) x2=plot.across(at) y1=plot.up(0.0) y2=plot.up(0.0) + 4.0 />
            <text class="figure__words" x=plot.across(at) y=plot.up(0.0) + 16.0 text-anchor="middle">{words}</text>
        </g>
    });
    let beside = y.ticks.into_iter().map(|(at, words)| view! {
        <g>
            <line class="figure__grid" x1=LEFT x2=WIDTH - EDGE y1=plot.up(at) y2=plot.up(at) />
            <text class="figure__words" x=LEFT - 6.0 y=plot.up(at) + 3.5 text-anchor="end">{shortened(&words)}<title>{words}</title></text>
        </g>
    });
    view! {
        <g aria-hidden="true">
            {beside.collect_view()}
            <line class="figure__axis" x1=LEFT x2=WIDTH - EDGE y1=plot.up(0.0) y2=plot.up(0.0) />
            {below.collect_view()}
            <text class="figure__words" x=plot.across(0.5) y=plot.height - 6.0 text-anchor="middle">{x.label}</text>
            <text class="figure__words" x=4.0 y=11.0>{y.label}</text>
        </g>
    }
}

/// What fits beside the axis; the whole name stands in the mark's own words.
fn shortened(words: &str) -> String {
    match words.chars().count() {
        0..=12 => words.to_owned(),
        _ => format!("{}…", words.chars().take(11).collect::<String>()),
    }
}

#[component]
fn MarkView(
    id: &'static str,
    plot: Plot,
    place: usize,
    mark: Mark,
    at: RwSignal<usize>,
    press: impl Fn(leptos::ev::MouseEvent) + 'static,
) -> impl IntoView {
    let Mark { shape, series, label, .. } = mark;
    let (x, y) = shape.centre();
    let ring = move || {
        (at.get() == place).then(
            || view! { <circle class="figure__ring" cx=plot.across(x) cy=plot.up(y) r="9" /> },
        )
    };
    view! {
        <g
            class=format!("mark mark--{}", series % SERIES) role="option" id=format!("figure-{id}-{place}")
            aria-label=label.clone() aria-selected=move || (at.get() == place).to_string() on:click=press
        >
            <title>{label.clone()}</title>
            {drawn(plot, shape, series)}
            {ring}
        </g>
    }
}

fn drawn(plot: Plot, shape: Shape, series: usize) -> AnyView {
    match shape {
        Shape::Dot { x, y } => point(plot, x, y, series),
        Shape::Bar { x, width, y } => view! {
            <rect class="mark__bar" x=plot.across(x) width=plot.across(x + width) - plot.across(x) y=plot.up(y) height=plot.up(0.0) - plot.up(y) />
        }
        .into_any(),
        Shape::Across { x: [low, high, middle], y } => view! {
            <line class="mark__line" x1=plot.across(low) x2=plot.across(high) y1=plot.up(y) y2=plot.up(y) />
            {point(plot, middle, y, series)}
        }
        .into_any(),
        Shape::Up { x, y: [low, high, middle] } => view! {
            <line class="mark__line" x1=plot.across(x) x2=plot.across(x) y1=plot.up(low) y2=plot.up(high) />
            {point(plot, x, middle, series)}
        }
        .into_any(),
    }
}

/// A point in the form of its series: colour alone would not tell them apart.
fn point(plot: Plot, x: f64, y: f64, series: usize) -> AnyView {
    let (x, y) = (plot.across(x), plot.up(y));
    let path = match series % SERIES {
        0 => return view! { <circle class="mark__point" cx=x cy=y r="4" /> }.into_any(),
        1 => format!("M{} {}h8v8h-8z", x - 4.0, y - 4.0),
        2 => format!("M{x} {}l5 9h-10z", y - 5.0),
        _ => format!("M{x} {}l5 5-5 5-5-5z", y - 5.0),
    };
    view! { <path class="mark__point" d=path /> }.into_any()
}

#[component]
fn Legend(series: Vec<String>) -> impl IntoView {
    let items = series.into_iter().enumerate().map(|(place, name)| view! {
        <li class=format!("mark mark--{}", place % SERIES)>
            <svg class="figure__key" viewBox="0 0 12 12" aria-hidden="true">{key_of(place)}</svg>
            <span class="clip">{name}</span>
        </li>
    });
    view! { <ul class="figure__legend" aria-label="Series">{items.collect_view()}</ul> }
}

fn key_of(series: usize) -> AnyView {
    let path = match series % SERIES {
        0 => return view! { <circle class="mark__point" cx="6" cy="6" r="4" /> }.into_any(),
        1 => "M2 2h8v8h-8z",
        2 => "M6 1l5 9h-10z",
        _ => "M6 1l5 5-5 5-5-5z",
    };
    view! { <path class="mark__point" d=path /> }.into_any()
}

/// The same marks as lines of a table, each with its way on.
#[component]
fn AsTable(figure: Figure, choose: impl Fn(Goal) + Copy + Send + Sync + 'static) -> impl IntoView {
    let heads =
        figure.columns.into_iter().map(|head| view! { <th scope="col">{head}</th> }).collect_view();
    let lines = figure
        .marks
        .into_iter()
        .map(|Mark { row, goal, .. }| {
            let cells = row.into_iter().map(|cell| view! { <td class="number">{cell}</td> }).collect_view();
            let way = (goal != Goal::None).then(|| view! {
                <Button small=true kind=Kind::Quiet on_press=move |_| choose(goal.clone())>"Show"</Button>
            });
            view! { <tr>{cells}<td>{way}</td></tr> }
        })
        .collect_view();
    view! {
        <div class="figure__scroll" tabindex="0" role="region" aria-label=format!("{}, as a table", figure.title)>
            <table class="figure__table">
                <thead><tr>{heads}<th scope="col"><span class="unseen">"Show"</span></th></tr></thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
}
