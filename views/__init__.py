"""The pages.  A view loads, permits, understands the form, acts and answers; it decides nothing itself."""

from views import (
    account,
    cart,
    catalog,
    cataloguing,
    desk,
    desk_calendar,
    hold_shelf,
    holds,
    home,
    labels,
    loans,
    notices,
    patrons,
    report,
    requests,
    staff,
)

BLUEPRINTS = (
    home.pages,
    catalog.pages,
    cart.pages,
    account.pages,
    loans.pages,
    holds.pages,
    staff.pages,
    desk.pages,
    hold_shelf.pages,
    patrons.pages,
    requests.pages,
    desk_calendar.pages,
    notices.pages,
    report.pages,
    cataloguing.pages,
    labels.pages,
)
