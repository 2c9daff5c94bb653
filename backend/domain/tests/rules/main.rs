//! The rules, tried as their callers would use them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]
#![allow(
    clippy::type_complexity,
    reason = "a table of cases is read by its columns"
)]

mod amendments;
mod announced_redemptions;
mod batches;
mod capabilities;
mod cases;
mod cinema;
mod company;
mod court;
mod crowds;
mod debts;
mod disputes;
mod disputes_books;
mod disputes_opening;
mod draws;
mod draws_by_chance;
mod erasure;
mod expiry;
mod hype_train;
mod membership;
mod offers;
mod places;
mod points;
mod presence;
mod redemptions;
mod refunds;
mod rewards;
mod roles_model;
mod rooms_and_reports;
mod sessions;
mod settings;
mod shop;
mod stage;
mod telling;
mod tenants;
mod watching;
mod watching_books;
mod watching_clocks;
mod watching_devices;
mod watching_model;
mod worth;
