"""Shows a page in the browser engine that Qt brings, until it is ended. The page is steered from outside."""

import sys

from PySide6.QtCore import QUrl
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication

application = QApplication(sys.argv)
view = QWebEngineView()
view.resize(1280, 720)
view.load(QUrl("about:blank"))
view.show()
sys.exit(application.exec())
