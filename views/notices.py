"""The desk's pages about お知らせ, the notices on the home page."""

from flask import Blueprint, Response, g, request, session

import notices
from forms_desk import NoticeForm
from staff_accounts import AtDesk
from views import answers
from views.answers import staff_only

pages = Blueprint("notices", __name__)


@pages.get("/desk/notices")
@staff_only()
def index(_staff: AtDesk) -> Response:
    listed, done = notices.listed(g.today), session.pop("desk_notice", None)
    return answers.page("desk/notices.html", listed=listed, most=notices.PAST_SHOWN, done=done)


@pages.get("/desk/notices/new")
@staff_only()
def new(_staff: AtDesk) -> Response:
    return _show(NoticeForm.new(g.today))


@pages.post("/desk/notices/new")
@staff_only()
def add(staff: AtDesk) -> Response:
    form = NoticeForm(request.form)
    if not form.validate():
        return _show(form, 422)
    notices.add(**form.data, now=g.now, actor=staff.actor)
    return _done("added")


@pages.get("/desk/notices/<number:notice_id>")
@staff_only()
def notice(_staff: AtDesk, notice_id: int) -> Response:
    return _show(NoticeForm(obj=notices.existing_notice(notice_id)), notice_id=notice_id)


@pages.post("/desk/notices/<number:notice_id>")
@staff_only()
def change(staff: AtDesk, notice_id: int) -> Response:
    notices.existing_notice(notice_id)
    form = NoticeForm(request.form)
    if not form.validate():
        return _show(form, 422, notice_id)
    notices.change(notice_id, **form.data, now=g.now, actor=staff.actor)
    return _done("changed")


@pages.get("/desk/notices/<number:notice_id>/remove")
@staff_only()
def confirm_removal(_staff: AtDesk, notice_id: int) -> Response:
    notice = notices.existing_notice(notice_id)
    shown = notice in notices.running(g.today)
    return answers.page("desk/notice_remove.html", notice=notice, shown=shown)


@pages.post("/desk/notices/<number:notice_id>/remove")
@staff_only()
def remove(staff: AtDesk, notice_id: int) -> Response:
    notices.remove(notice_id, g.now, staff.actor)
    return _done("removed")


def _show(form: NoticeForm, status: int = 200, notice_id: int | None = None) -> Response:
    return answers.page("desk/notice.html", status, form=form, notice_id=notice_id)


def _done(what: str) -> Response:
    session["desk_notice"] = what
    return answers.go("notices.index")
