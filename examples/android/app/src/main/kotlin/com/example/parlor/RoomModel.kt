package com.example.parlor

import android.app.Application
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.viewModelScope
import androidx.media3.common.MediaItem
import androidx.media3.exoplayer.ExoPlayer
import kotlinx.coroutines.flow.SharingStarted
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.scan
import kotlinx.coroutines.flow.stateIn
import parlor.Config
import parlor.Delivery
import parlor.EventKind
import parlor.HypeTrain
import parlor.ParlorClient
import parlor.Placement
import parlor.SystemTrust
import parlor.android.attachTo

/** The player and the room that it shows, for as long as the screen is wanted. */
class RoomModel(application: Application) : AndroidViewModel(application) {
    val player: ExoPlayer = ExoPlayer.Builder(application).build().apply {
        setMediaItem(MediaItem.fromUri(BuildConfig.STREAM))
        prepare()
    }

    val client: ParlorClient

    /** The hype train at the viewer's picture. */
    val train: StateFlow<HypeTrain?>

    init {
        SystemTrust.install(application)
        client = ParlorClient.connect(
            Config(BuildConfig.SERVER, BuildConfig.ROOM, Placement.PLAYER),
            viewModelScope,
        )
        addCloseable(client.attachTo(application))
        train = client.deliveries
            .scan<Delivery, HypeTrain?>(null) { train, delivery -> trainAfter(delivery, train) }
            .stateIn(viewModelScope, SharingStarted.Eagerly, null)
    }

    override fun onCleared() {
        client.close()
        player.release()
    }
}

private fun trainAfter(delivery: Delivery, before: HypeTrain?): HypeTrain? = when (delivery) {
    is Delivery.StateReplaced -> delivery.room.train
    is Delivery.PresenceChanged -> before
    is Delivery.Event -> when (val kind = delivery.event.kind) {
        is EventKind.HypeTrainChanged -> kind.train
        else -> before
    }
}
